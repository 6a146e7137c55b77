require("http").createServer((_, answer) => answer.end("ready")).listen(8080);
