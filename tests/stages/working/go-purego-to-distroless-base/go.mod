module example.org/tool

go 1.23

require github.com/ebitengine/purego v0.8.2
