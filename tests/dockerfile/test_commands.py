"""Typed commands and their values."""

from __future__ import annotations

from depscan.dockerfile.commands import (
    Argument,
    Copy,
    Environment,
    Other,
    Run,
    ShellCommand,
    Start,
    User,
    WorkingDirectory,
    apply,
    interpret,
)
from depscan.dockerfile.expansion import Scope
from depscan.dockerfile.instructions import Form

from .reading import parse, place


def scope(**values: str | None) -> Scope:
    return Scope(values, base_known=True, global_arguments={}, build_arguments={})


def one(text: str, **values: str | None) -> object:
    (instruction,) = parse(text)
    return interpret(instruction, scope(**values))


def test_copy() -> None:
    text = "COPY --from=build --chown=$U:g --chmod=$M --link --exclude=*.md --exclude=x $A/b $NOT /dst/"
    copy = one(text, A="a", U="me", M=None, NOT=None)
    assert isinstance(copy, Copy)
    assert [(value.text, value.raw, place(value.span)) for value in copy.sources] == [
        ("a/b", "$A/b", "1:77..1:81"),
        (None, "$NOT", "1:82..1:86"),
    ]
    assert copy.destination.text == "/dst/"
    assert (copy.from_stage, copy.chown, copy.chmod, copy.link) == ("build", "me:g", "$M", True)
    assert copy.from_span is not None
    assert place(copy.from_span) == "1:6..1:18"
    assert copy.exclude == ("*.md", "x")
    assert (copy.add, copy.parents, copy.keep_git_dir) == (False, False, None)


def test_add() -> None:
    add = one("ADD --unpack=false --keep-git-dir --checksum=sha256:1 https://x.example/a.tgz /b")
    assert isinstance(add, Copy)
    assert (add.add, add.unpack, add.keep_git_dir, add.checksum) == (True, False, True, "sha256:1")


def test_copy_json_words_are_expanded() -> None:
    copy = one('COPY ["$A b", "/c"]', A="a")
    assert isinstance(copy, Copy)
    assert [value.text for value in copy.sources] == ["a b"]


def test_copy_heredocs_stand_apart_from_sources() -> None:
    copy = one("COPY <<one file <<two /d/\n1\none\n2\ntwo\n")
    assert isinstance(copy, Copy)
    assert [value.text for value in copy.sources] == ["file"]
    assert [(doc.name, doc.content) for doc in copy.heredocs] == [("one", "1\n"), ("two", "2\n")]


def test_run_text_is_placed_in_the_file() -> None:
    run = one("RUN --network=none  make \\\n  && make install")
    assert isinstance(run, Run)
    assert run.text == "make   && make install"
    at = run.text.index("install")
    assert place(run.offsets.span(at, at + 7)) == "2:11..2:18"


def test_run_heredoc_alone_is_a_script() -> None:
    run = one("RUN <<-EOF\n\tapk add x\n\tcp a b\nEOF\n")
    assert isinstance(run, Run)
    assert run.text == "apk add x\ncp a b\n"
    assert run.interpreter is None
    at = run.text.index("cp")
    assert place(run.offsets.span(at, at + 2)) == "3:2..3:4"


def test_run_heredoc_with_interpreter() -> None:
    run = one("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n")
    assert isinstance(run, Run)
    assert run.interpreter == "/usr/bin/env python3"


def test_run_heredoc_inside_a_command_stays_in_it() -> None:
    run = one("RUN cat <<E > /x && true\nbody\nE\n")
    assert isinstance(run, Run)
    assert run.text == "cat <<E > /x && true\nbody\nE"
    at = run.text.index("body")
    assert place(run.offsets.span(at, at + 4)) == "2:1..2:5"


def test_run_exec_form() -> None:
    run = one('RUN ["ln", "-s", "$A"]', A="a")
    assert isinstance(run, Run)
    assert (run.text, run.form) == (None, Form.EXEC)
    assert [value.text for value in run.words] == ["ln", "-s", "$A"]


def test_mounts() -> None:
    text = 'RUN --mount=target=$T --mount=type=cache,dst=/c --mount=type=bind,from=b,\\"source=a,b\\",target=/x,ro y'
    run = one(text, T="/t")
    assert isinstance(run, Run)
    assert [(m.type, m.source, m.target, m.from_, m.read_only) for m in run.mounts] == [
        ("bind", None, "/t", None, False),
        ("cache", None, "/c", None, False),
        ("bind", "a,b", "/x", "b", True),
    ]


def test_environment_is_expanded_before_any_of_it_counts() -> None:
    stage = scope(A="old")
    (env,) = parse("ENV A=new B=$A C='x y' D=$UNKNOWN_$A")
    command = interpret(env, stage)
    assert isinstance(command, Environment)
    assert [(name, value) for name, value, _ in command.assignments] == [
        ("A", "new"),
        ("B", "old"),
        ("C", "x y"),
        ("D", "old"),
    ]
    assert stage.environment == {"A": "old"}
    apply(command, stage)
    assert stage.environment == {"A": "new", "B": "old", "C": "x y", "D": "old"}


def test_old_form_of_env() -> None:
    env = one("ENV KEY some  value=x")
    assert isinstance(env, Environment)
    assert [(name, value) for name, value, _ in env.assignments] == [("KEY", "some  value=x")]


def test_arguments_are_expanded_one_after_the_other() -> None:
    stage = scope()
    (arg,) = parse('ARG A=1 B="$A 2" C')
    command = interpret(arg, stage)
    assert isinstance(command, Argument)
    apply(command, stage)
    assert stage.arguments == {"A": "1", "B": "1 2"}
    assert stage.environment == {}


def test_start_commands_are_as_written() -> None:
    span = parse("CMD run $A")[0].arguments[0].span
    assert one("CMD run $A", A="x") == Start("cmd", Form.SHELL, ("run $A",), span, (span,))
    entrypoint = one('ENTRYPOINT ["/a", "b"]')
    assert isinstance(entrypoint, Start)
    assert (entrypoint.kind, entrypoint.form, entrypoint.words) == ("entrypoint", Form.EXEC, ("/a", "b"))
    assert [cut.start.column for cut in entrypoint.spans] == [13, 19]
    assert one("CMD []") == Start("cmd", Form.EXEC, (), parse("CMD []")[0].span)


def test_healthcheck_is_a_start_command() -> None:
    check = one('HEALTHCHECK --retries=1 CMD ["/a", "b"]')
    assert isinstance(check, Start)
    assert (check.kind, check.form, check.words) == ("healthcheck", Form.EXEC, ("/a", "b"))
    shell = one("HEALTHCHECK CMD curl -f http://localhost/ || exit 1")
    assert isinstance(shell, Start)
    assert (shell.form, shell.words) == (Form.SHELL, ("curl -f http://localhost/ || exit 1",))
    none = one("HEALTHCHECK NONE")
    assert isinstance(none, Start)
    assert none.words == ()


def test_the_small_ones() -> None:
    workdir, user = one("WORKDIR $A/b", A="/a"), one("USER me")
    assert isinstance(workdir, WorkingDirectory)
    assert workdir.value.text == "/a/b"
    assert isinstance(user, User)
    assert user.value.text == "me"
    assert one('SHELL ["/bin/bash", "-c"]') == ShellCommand(("/bin/bash", "-c"))
    assert one("EXPOSE 80") == Other("EXPOSE")
