# Without such a link: ENOENT.
program /app/program
