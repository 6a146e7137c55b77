require "pg"
