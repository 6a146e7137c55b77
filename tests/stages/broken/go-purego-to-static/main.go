package main

import "github.com/ebitengine/purego"

func main() {
	if _, err := purego.Dlopen("libz.so.1", purego.RTLD_NOW); err != nil {
		panic(err)
	}
}
