#!/bin/sh
set -eu
echo "GOARCH=${TARGETPLATFORM#linux/}" > /env
echo "CGO_ENABLED=0" >> /env
