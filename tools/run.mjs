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
 * @returns {Promise<number>}
 */
export function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: childEnvironment() })
    const listeners = forwarded.map((signal) => {
      const listener = () => {
        // Ctrl-C in a terminal reaches the whole group; a second copy would look like an impatient user.
        if (signal === 'SIGINT' && process.stdin.isTTY) return
        child.kill(signal)
      }
      process.on(signal, listener)
      return () => process.off(signal, listener)
    })
    const finish = (code) => {
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
