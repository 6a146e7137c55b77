package main

import "net/http"

func main() {
	if err := http.ListenAndServe(":8080", nil); err != nil {
		panic(err)
	}
}
