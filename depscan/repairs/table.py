"""Every repair by the name that rules use: the one place where a new one is entered.

In: nothing. Out: `REPAIRS`: name -> function of a `Case` that yields `Offer`s, the likeliest first. A repair does not
know whether what it offers helps; `advice` tries that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.repairs.bases import base_of_stage, base_variant, builder_on_base, offer_bases, offer_builders
from depscan.repairs.build_command import mend_build_command
from depscan.repairs.download_machine import rename_machine
from depscan.repairs.file_edits import permit_execution, strip_returns
from depscan.repairs.ignore_file import ignore_source
from depscan.repairs.installing import install_interpreter, install_packages
from depscan.repairs.linking_flags import link_cxx_runtime, link_statically, name_search_path
from depscan.repairs.platform_words import drop_default, drop_platform
from depscan.repairs.start_words import reword_start, write_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depscan.repairs.case import Case, Offer

REPAIRS: Mapping[str, Callable[[Case], Iterator[Offer]]] = {
    "argument-default": drop_default,
    "base": offer_bases,
    "base-of-stage": base_of_stage,
    "base-variant": base_variant,
    "build-command": mend_build_command,
    "builder-base": offer_builders,
    "builder-on-base": builder_on_base,
    "cxx-runtime-static": link_cxx_runtime,
    "download-machine": rename_machine,
    "exec-form": write_array,
    "execute-permission": permit_execution,
    "ignore-file": ignore_source,
    "install-interpreter": install_interpreter,
    "install-package": install_packages,
    "line-ends": strip_returns,
    "platform-flag": drop_platform,
    "search-path": name_search_path,
    "start-command": reword_start,
    "static-build": link_statically,
}
