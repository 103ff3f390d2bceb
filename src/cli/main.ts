#!/usr/bin/env node
/**
 * The `outright` command. It owns arguments, prompts, tables and exit codes; what it does to a
 * server goes through the public typed client. Only `serve`, `restore`, `doctor`, `migrate`,
 * `export`, `import` and `audit verify --file` touch a database themselves.
 */
import { run } from './run.ts'
import { processTerminal } from './terminal.ts'

const terminal = processTerminal()
const exitCode = await run(process.argv.slice(2), terminal)
await terminal.drained()
// Said outright: left to itself, Node 24 can spin for ever while it frees the sockets of a process
// that has nothing left to do.
process.exit(exitCode)
