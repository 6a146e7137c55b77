#!/bin/sh
echo "GOARCH=$1"
echo "CGO_ENABLED=1"
