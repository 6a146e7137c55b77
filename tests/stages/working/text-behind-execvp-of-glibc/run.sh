exec sleep 1
