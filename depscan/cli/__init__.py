"""The command line: arguments in, exit code out. No analysis happens here.

`depscan Dockerfile` is `depscan check Dockerfile`. What an option means is decided in `config`, where each has a key of
the same name; here it has its help text. `run` is the only place that turns an exception into a message and a code.

Annotations are evaluated at once (no __future__ import) and only the parser of the command in use is built: typer reads
annotations, and evaluating them from text three times over was a tenth of a run.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Annotated, Any

import typer

from depscan.cli.inputs import check_file, common_folder, find_dockerfiles, find_inputs
from depscan.cli.output import find_width, wants_color, write_reports, write_stdout
from depscan.config import load_config
from depscan.errors import DepscanError, UsageError, did_you_mean
from depscan.reports.escaping import printable, printable_lines
from depscan.version import __version__

INTERRUPTED = 130

# What the option parser raises: a class of click for older versions of typer, of typer's own copy of click for newer.
_PARSE_ERROR: Any = typer.BadParameter.__base__

# The options of `check` in the order of --help: metavar (None for a switch) and help text.
OPTIONS: dict[str, tuple[str | None, str]] = {
    "context": ("DIR", "Build context (default: found from the COPY sources)."),
    "target": ("STAGE", "Stage to build, by name or index (default: the last)."),
    "platform": (
        "OS/ARCH[/VARIANT]",
        "Platform, or several with commas (default: the declared one, else linux/amd64).",
    ),
    "build-arg": ("NAME[=VALUE]", "Build argument, repeatable."),
    "base": (
        "REFERENCE=SOURCE",
        "What a base image provides: a layout, archive or root, glibc:2.31, musl:1.2.4 or none; repeatable.",
    ),
    "online": (None, "Ask registries for images that are not known."),
    "format": (
        "FORMAT[=FILE]",
        "text, concise, json, sarif, github, gitlab, checkstyle or junit; repeatable (default: text).",
    ),
    "select": ("RULE", "Only this rule, repeatable."),
    "ignore": ("RULE", "Not this rule, repeatable."),
    "fail-on": ("SEVERITY", "Exit 1 from error, warning or note on, or never (default: error)."),
    "min-confidence": ("CONFIDENCE", "Report from certain, likely or possible on (default: possible)."),
    "config": ("FILE", "Configuration file (default: the closest depscan.toml or pyproject.toml upward)."),
    "isolated": (None, "Ignore configuration files and the environment."),
    "no-cache": (None, "Parse every binary and rule anew."),
    "jobs": ("N", "Processes that parse new binaries (default: one per CPU)."),
    "quiet": (None, "Print findings only."),
    "verbose": (None, "Print all: each remedy and file, what proves a finding, what was chosen and why."),
    "version": (None, "Print the version and exit."),
}

_ADD = "Keep an image for later runs: a layout, an archive, a root directory, docker:REF."

_EPILOG = """\b
Other commands (each has --help):
  depscan inspect FILE...      what an ELF file needs
  depscan image REFERENCE...   what is known of base images, and from where
  depscan bases FILE...        which known bases can run these files
  depscan why PATH [FILE]      where each library of one binary was looked for and found
  depscan rules                every rule
  depscan explain RULE         the page of one rule

\b
Exit codes: 0 nothing at or above --fail-on with confidence likely or better, 1 such findings,
2 wrong use, 3 a bug in depscan, 130 interrupted.

\b
Each option is also a key of depscan.toml or [tool.depscan], and a variable: DEPSCAN_FAIL_ON.
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        from depscan.images.knowledge import knowledge_as_of  # noqa: PLC0415 - only this option needs it here

        write_stdout(f"depscan {__version__} (knowledge {knowledge_as_of()})\n")
        raise typer.Exit


def _option(name: str, **more: Any) -> Any:
    metavar, text = OPTIONS[name]
    return typer.Option(f"--{name}", metavar=metavar, help=text, show_default=False, **more)


Text = str | None
Texts = list[str] | None
Format = Annotated[Text, typer.Option(metavar="FORMAT", help="text or json (default: text).", show_default=False)]


def check(
    paths: Annotated[Texts, typer.Argument(metavar="[PATH]...", help="What to check.", show_default=False)] = None,
    *,
    context: Annotated[Text, _option("context")] = None,
    target: Annotated[Text, _option("target")] = None,
    platform: Annotated[Texts, _option("platform")] = None,
    build_arg: Annotated[Texts, _option("build-arg")] = None,
    base: Annotated[Texts, _option("base")] = None,
    online: Annotated[bool, _option("online")] = False,
    format: Annotated[Texts, _option("format")] = None,  # noqa: A002 - the option's name
    select: Annotated[Texts, _option("select")] = None,
    ignore: Annotated[Texts, _option("ignore")] = None,
    fail_on: Annotated[Text, _option("fail-on")] = None,
    min_confidence: Annotated[Text, _option("min-confidence")] = None,
    config: Annotated[Text, _option("config")] = None,
    isolated: Annotated[bool, _option("isolated")] = False,
    no_cache: Annotated[bool, _option("no-cache")] = False,
    jobs: Annotated[Text, _option("jobs")] = None,
    quiet: Annotated[bool, _option("quiet")] = False,
    verbose: Annotated[bool, _option("verbose")] = False,
    version: Annotated[bool, _option("version", callback=_print_version, is_eager=True)] = False,
) -> int:
    """Tell from a Dockerfile and its build context, before any build, that a container will not start.

    PATH is a Dockerfile or Containerfile, a compose or bake file, a directory whose builds are all checked, or - for
    standard input (default: ./Dockerfile).
    """
    options = _named(locals())
    files = find_inputs(paths or [], COMMANDS)
    settings = load_config(options, os.environ, common_folder(files))
    from depscan.scan import scan  # noqa: PLC0415 - the engine, which --version, --help and wrong use do not need

    with _progress(quiet=settings.quiet) as tell:
        result = scan(files, settings, tell=tell)
    write_reports(result, settings.formats)
    return result.exit_code


def _progress(*, quiet: bool) -> AbstractContextManager[Callable[[str], None]]:
    """What takes the news of a run; on a terminal it shows them."""
    if quiet or not sys.stderr or not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    from depscan.cli.progress import show_progress  # noqa: PLC0415 - only on a terminal

    return show_progress()


def inspect(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    format: Format = None,  # noqa: A002 - the option's name
) -> int:
    """Tell what an ELF file, or those in an archive, need: architecture, dynamic linker, libraries, versions."""
    from depscan.artifacts.inspection import inspect_files  # noqa: PLC0415 - only this command
    from depscan.reports import inspect as report  # noqa: PLC0415 - likewise

    facts = inspect_files([check_file(file, "depscan inspect build/server") for file in files])
    write_stdout(_pick(format, {"text": report.render_text, "json": report.render_json})(facts))
    return 0


def image(
    references: Annotated[Texts, typer.Argument(metavar="[REFERENCE]...", show_default=False)] = None,
    *,
    add: Annotated[Text, typer.Option(metavar="SOURCE", help=_ADD, show_default=False)] = None,
    name: Annotated[Text, typer.Option("--as", metavar="REFERENCE", help="Its name.", show_default=False)] = None,
    online: Annotated[bool, _option("online")] = False,
    platform: Annotated[Texts, _option("platform")] = None,
    base: Annotated[Texts, _option("base")] = None,
    config: Annotated[Text, _option("config")] = None,
    isolated: Annotated[bool, _option("isolated")] = False,
    format: Format = None,  # noqa: A002 - the option's name
) -> int:
    """Tell what is known of base images, and from where."""
    options = {**_named(locals()), "format": None}
    if not references and not add:
        raise UsageError("depscan image: of which? Pass a reference, e.g. depscan image debian:12")
    from depscan.images.lookup import keep_base, profile  # noqa: PLC0415 - only this command
    from depscan.platforms import DEFAULT_PLATFORM  # noqa: PLC0415 - likewise
    from depscan.reports import image as report  # noqa: PLC0415 - likewise

    settings = load_config(options, os.environ, common_folder([]))
    platforms = settings.platforms or (settings.default_platform or DEFAULT_PLATFORM,)
    profiles = [keep_base(add, name, platform) for platform in platforms] if add else []
    profiles += [
        profile(reference, platform, settings.bases, online=settings.online)
        for reference in references or ()
        for platform in platforms
    ]
    write_stdout(_pick(format, {"text": report.render_text, "json": report.render_json})(profiles))
    return 0


def bases(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    *,
    platform: Annotated[Texts, _option("platform")] = None,
    config: Annotated[Text, _option("config")] = None,
    isolated: Annotated[bool, _option("isolated")] = False,
    no_cache: Annotated[bool, _option("no-cache")] = False,
    format: Format = None,  # noqa: A002 - the option's name
) -> int:
    """Tell which known bases can run these files, and why the others cannot.

    Files keep their places relative to each other. Without --platform it is that of the first file's machine.
    """
    options = {**_named(locals()), "format": None}
    from depscan.cli.trials import try_files  # noqa: PLC0415 - only this command
    from depscan.reports import bases as report  # noqa: PLC0415 - likewise

    paths = [check_file(file, "depscan bases build/server") for file in files]
    text = partial(report.render_text, width=find_width(), color=wants_color(os.environ))
    render = _pick(format, {"text": text, "json": report.render_json})
    write_stdout(render(try_files(paths, load_config(options, os.environ, common_folder(files)))))
    return 0


def why(
    path: Annotated[str, typer.Argument(metavar="IN_IMAGE_PATH", show_default=False)],
    dockerfile: Annotated[Text, typer.Argument(metavar="[DOCKERFILE]", show_default=False)] = None,
    *,
    context: Annotated[Text, _option("context")] = None,
    target: Annotated[Text, _option("target")] = None,
    platform: Annotated[Texts, _option("platform")] = None,
    build_arg: Annotated[Texts, _option("build-arg")] = None,
    base: Annotated[Texts, _option("base")] = None,
    online: Annotated[bool, _option("online")] = False,
    config: Annotated[Text, _option("config")] = None,
    isolated: Annotated[bool, _option("isolated")] = False,
    no_cache: Annotated[bool, _option("no-cache")] = False,
    format: Format = None,  # noqa: A002 - the option's name
) -> int:
    """Tell where each library of one binary in the image was looked for and found, by which law, as a tree.

    The image's own programs are known where the base is a real image: --base REFERENCE=docker:REFERENCE, for example.
    """
    options = {**_named(locals()), "format": None}
    from depscan.cli.trials import explain_binary  # noqa: PLC0415 - only this command
    from depscan.reports import why as report  # noqa: PLC0415 - likewise

    found = find_dockerfiles([dockerfile] if dockerfile else [])
    render = _pick(format, {"text": report.render_text, "json": report.render_json})
    write_stdout(render(explain_binary(path, found, load_config(options, os.environ, common_folder(found)))))
    return 0


def rules(format: Format = None) -> int:  # noqa: A002 - the option's name
    """List every rule, those of the configured folders too."""
    from depscan.reports import rules as report  # noqa: PLC0415 - only this command
    from depscan.rulebook import load_rules  # noqa: PLC0415 - likewise

    settings = load_config({}, os.environ, common_folder([]))
    found = load_rules(settings.rules)
    write_stdout(_pick(format, {"text": report.render_text, "json": report.render_json})(found))
    return 0


def explain(rule: Annotated[str, typer.Argument(metavar="RULE", show_default=False)]) -> int:
    """Print the page of one rule: what goes wrong, why, how to fix it, examples."""
    from depscan.reports.explain import explain as page  # noqa: PLC0415 - only this command
    from depscan.rulebook import load_rules  # noqa: PLC0415 - likewise

    settings = load_config({}, os.environ, common_folder([]))
    found = {known.id: known for known in load_rules(settings.rules, examples=True)}
    if rule not in found:
        raise UsageError(f"{rule}: no such rule; {did_you_mean(rule, found, 'depscan rules lists them')}")
    write_stdout(printable_lines(page(found[rule])))
    return 0


def _named(values: Mapping[str, object]) -> dict[str, object]:
    """The options among a command's local names, by key."""
    return {key: values[key.replace("-", "_")] for key in OPTIONS if key.replace("-", "_") in values}


def _pick(name: str | None, renderers: Mapping[str, Any]) -> Any:
    if (name or "text") not in renderers:
        raise UsageError(f"--format: no format {name!r} here; {did_you_mean(name or '', renderers)}")
    return renderers[name or "text"]


COMMANDS = {function.__name__: function for function in (check, inspect, image, bases, why, rules, explain)}


_SETTINGS = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}


def parser(name: str) -> Any:
    """The parser of one command, as typer builds it."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    epilog = _EPILOG if name == "check" else None
    app.command(name, epilog=epilog, context_settings=_SETTINGS)(COMMANDS[name])
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Run a command line (without the program's name) and return the exit code."""
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in COMMANDS else ("check", arguments)
    try:
        return int(parser(name)(list(rest), prog_name=f"depscan {name}", standalone_mode=False) or 0)
    except DepscanError as error:
        return _complain(str(error))
    except _PARSE_ERROR as error:
        return _complain(f"{error.format_message().rstrip('.')}; see depscan {name} --help")
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # the last line of defence: a user never meets a traceback
        from depscan.cli.crash import EXIT_CODE, report_bug  # noqa: PLC0415 - only a bug pays for it

        sys.stderr.write(report_bug(error, arguments) + "\n")
        return EXIT_CODE


def _complain(message: str) -> int:
    sys.stderr.write(f"depscan: error: {printable(message)}\n")
    return 2


def check_help(width: int = 100) -> str:
    """What `depscan --help` prints, for the README."""
    command = parser("check")
    context = command.make_context("depscan check", [], resilient_parsing=True, terminal_width=width)
    return str(command.get_help(context)).rstrip() + "\n"
