"""One module per build tool: command words to the artifact it will produce. Empty until such a tool is modelled."""
