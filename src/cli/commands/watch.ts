import { defined } from '../../domain/defined.ts'
import type { Command } from 'commander'
import { revocationReasons, revocationScopes, type WireRevocation } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { keyAndIssuer } from '../key-and-issuer.ts'
import { parseLimit } from '../list.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'

interface WatchFlags {
  readonly limit: number
  readonly after?: string
}

/** `outright watch`: one line a revocation, as it happens, until Ctrl-C. */
export function addWatch(program: Command, shell: Shell): void {
  const command = program
    .command('watch')
    .summary('show what ends, as it ends')
    .description(
      'Shows every revocation as it is committed, one line each, until Ctrl-C. A connection that breaks ' +
        'is made again, and what happened meanwhile is shown then.',
    )
    .option('--limit <n>', 'end after so many', parseLimit, Number.POSITIVE_INFINITY)
    .option('--after <id>', 'begin behind this event, as --json shows it')
    .action(async ({ limit, after }: WatchFlags, command: Command) => {
      const output = shell.output(command)
      const client = await shell.connect(command)
      const stop = new AbortController()
      const forget = shell.terminal.onInterrupt(() => {
        stop.abort()
      })
      let shown = 0
      const events = client.events({
        signal: stop.signal,
        ...defined({ after }),
        onConnected() {
          output.note(`watching ${shell.server(command)}`)
        },
        onLost(error, retryMs) {
          output.note(`${error.message}; trying again in ${String(retryMs / 1000)} s`)
        },
      })
      for await (const { id, revocation } of events) {
        output.result(describe(revocation), { event: id, ...revocation })
        if (++shown >= limit) break
      }
      stop.abort()
      forget()
    })
  // "all" is the default and says nothing.
  command.options.find(({ long }) => long === '--limit')?.default(Number.POSITIVE_INFINITY, 'all')
  withExamples(command, [
    'outright watch',
    'outright watch --json | jq -r .key',
    'outright watch --limit 1',
  ])
}

const SCOPE_WIDTH = longest(revocationScopes)
const REASON_WIDTH = longest(revocationReasons)

function longest(words: readonly string[]): number {
  return Math.max(...words.map(({ length }) => length))
}

function describe(revocation: WireRevocation): string {
  const { at, scope, reason, actor, note } = revocation
  const key = keyAndIssuer(revocation)
  const line = `${at}  ${scope.padEnd(SCOPE_WIDTH)}  ${reason.padEnd(REASON_WIDTH)}  ${key}  by ${actor}`
  return printable(note === '' ? line : `${line}  "${note}"`)
}
