#!/usr/bin/env node
'use strict'
// Compiled code is kept between starts where Node.js can do that (22.8 and newer): the start takes half the time.
require('node:module').enableCompileCache?.()
require('../dist/cli/main.js').main(process.argv.slice(2))
