# A program without any execute bit: EACCES, for root too (execve(2)).
program /app/program
chmod 644 "$OUT/app/program"
