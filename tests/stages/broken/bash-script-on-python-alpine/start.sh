#!/usr/bin/env bash
set -euo pipefail
exec flask run --host 0.0.0.0
