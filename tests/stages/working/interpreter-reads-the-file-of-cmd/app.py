#!/usr/bin/python9
