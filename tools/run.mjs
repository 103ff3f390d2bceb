/**
 * Runs one child to its end as if it had been started directly: same terminal, same signals, same
 * exit code.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { childEnvironment, root, say } from './packages.mjs'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Resolves with the exit code; a child that was ended by a signal gives 128 + its number, as in a
 * shell.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {(chunk: Buffer) => void} [write] Gets what the child prints, which then does not go to
 *   the terminal.
 * @returns {Promise<number>}
 */
export function run(command, args, write) {
  return new Promise((resolve) => {
    const output = write === undefined ? 'inherit' : 'pipe'
    const stdio = ['inherit', output, output]
    const child = spawn(command, args, { cwd: root, stdio, env: childEnvironment() })
    child.stdout?.on('data', write)
    child.stderr?.on('data', write)
    const listeners = forwarded.map((signal) => {
      const listener = () => {
        // Ctrl-C in a terminal reaches the whole group; a second copy would look like an impatient user.
        if (signal === 'SIGINT' && process.stdin.isTTY) return
        child.kill(signal)
      }
      process.on(signal, listener)
      return () => process.off(signal, listener)
    })
    const stopWatching = watchParent(() => child.kill('SIGTERM'))
    const finish = (code) => {
      stopWatching()
      for (const remove of listeners) remove()
      resolve(code)
    }
    child.on('error', (error) => {
      say(`Cannot start ${command}: ${error.message}`)
      finish(127)
    })
    child.on('close', (code, signal) => finish(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/**
 * npm that is killed cannot pass a signal on, and nothing else would stop the child: so it is told
 * to end. Only under npm: what was started by hand may outlive its shell.
 */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone()
  }, 500)
  return () => clearInterval(timer)
}
