"""RUN text to simple commands, by tree-sitter-bash.

In: the text of a shell-form RUN or a script. Out: `Script` with `SimpleCommand`s in order, each word with its offsets;
what cannot be understood is marked, not dropped. tree-sitter is imported inside the function that parses.
"""
