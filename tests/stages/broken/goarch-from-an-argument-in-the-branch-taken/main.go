package main

func main() {
	println("hook")
}
