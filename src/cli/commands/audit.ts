import { Option, type Command } from 'commander'
import {
  revocationReasons,
  revocationScopes,
  type RevocationReason,
  type RevocationScope,
  type WireAuditLine,
  type WireCut,
  type WireStreamCut,
  type WireRevocation,
} from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { withList } from '../list.ts'
import type { Column, Output } from '../output.ts'
import { keyAndIssuer } from '../key-and-issuer.ts'
import { createProgress, share, type Progress } from '../progress.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<WireRevocation>[] = [
  { title: 'AT', value: ({ at }) => at },
  { title: 'SCOPE', value: ({ scope }) => scope },
  { title: 'KEY', value: keyAndIssuer },
  { title: 'REASON', value: ({ reason }) => reason },
  { title: 'BY', value: ({ actor }) => actor },
  { title: 'ENTRY', value: ({ stream, sequence }) => `${stream}:${String(sequence)}` },
  { title: 'NOTE', value: ({ note }) => note },
]

/** `outright audit …`: the log as the audit trail. */
export function addAudit(program: Command, shell: Shell): void {
  const audit = program
    .command('audit')
    .summary('list and verify what has ended')
    .description('The log: what ended, why, by whom, when.')
  addList(audit, shell)
  addVerify(audit, shell)
  addCut(audit, shell)
}

interface ListFlags {
  readonly scope?: RevocationScope
  readonly key?: string
  readonly reason?: RevocationReason
}

function addList(audit: Command, shell: Shell): void {
  const list = audit
    .command('list')
    .description('Lists what has ended, newest first.')
    .addOption(new Option('--scope <scope>', 'only this scope').choices(revocationScopes))
    .option('--key <key>', 'only this key')
    .addOption(new Option('--reason <reason>', 'only this reason').choices(revocationReasons))
  withList(list, shell, { columns, none: 'nothing has ended' }, (client, page, filter: ListFlags) =>
    client.revocations(filter, page),
  )
  withExamples(list, [
    'outright audit list --limit 20',
    'outright audit list --scope subject --key maria',
    'outright audit list --reason refresh_token_reuse --json',
  ])
}

function addCut(audit: Command, shell: Shell): void {
  const cut = audit
    .command('cut')
    .description(
      'Removes old entries from the log, as the server does by itself after `logRetentionDays`. What ' +
        'still counts is kept, and a checkpoint carries the chain on.',
    )
    .requiredOption('--before <time>', 'entries made before this time (a day ago at least) go')
    .option('--dry-run', 'show what would go, and cut nothing')
    .action(async ({ before, dryRun = false }: CutFlags, command: Command) => {
      const client = await shell.connect(command)
      const output = shell.output(command)
      const removed = new Map<string, number>()
      let answer: WireCut
      do {
        answer = await client.cutLog({ before, dryRun })
        for (const { stream, removed: more } of answer.streams) {
          removed.set(stream, (removed.get(stream) ?? 0) + more)
        }
      } while (!answer.done)
      const streams = answer.streams.map((one) => ({
        ...one,
        removed: removed.get(one.stream) ?? 0,
      }))
      for (const one of streams) output.result(cutLine(one, dryRun), one)
      const broken = streams.find((one) => one.broken !== null)
      if (broken === undefined) return
      throw new CliError(
        exitCodes.failed,
        `stream ${broken.stream} does not verify, so nothing was cut from it`,
      )
    })
  withExamples(cut, [
    'outright audit cut --before 2026-01-01 --dry-run',
    'outright audit cut --before 2026-01-01T00:00:00Z',
  ])
}

interface CutFlags {
  readonly before: string
  readonly dryRun?: boolean
}

function cutLine({ stream, removed, from }: WireStreamCut, dryRun: boolean): string {
  const noun = removed === 1 ? 'entry' : 'entries'
  const begins = from === null ? 'never cut' : `begins behind ${stream}:${String(from.sequence)}`
  const kept = from === null || from.kept === 0 ? '' : `, ${String(from.kept)} kept before it`
  return `${stream}: ${dryRun ? 'would cut' : 'cut'} ${String(removed)} ${noun}, ${begins}${kept}`
}

function addVerify(audit: Command, shell: Shell): void {
  const verify = audit
    .command('verify')
    .description(
      'Recomputes the hash chain of the whole log. Keep the heads that it prints somewhere else: ' +
        'they prove later that nothing is missing at the end.',
    )
    .option('--file <path>', 'of a database file or a backup, without a server')
    .action(async ({ file }: { readonly file?: string }, command: Command) => {
      const output = shell.output(command)
      const progress = createProgress(
        shell.terminal,
        (done, of) => `checked ${share(done, of)} entries`,
      )
      const lines =
        file === undefined
          ? (await shell.connect(command)).verifyAudit()
          : verifyFile(file, (checked, of) => {
              progress.update(checked, of)
            })
      report(output, await lastLine(lines, progress))
    })
  withExamples(verify, [
    'outright audit verify',
    'outright audit verify --file backup.db',
    'outright audit verify --json >> heads.ndjson',
  ])
}

async function* verifyFile(
  path: string,
  onProgress: (checked: number, of: number) => void,
): AsyncGenerator<WireAuditLine, void, undefined> {
  const { verifyAuditFile } = await import('../../server/offline.ts')
  yield await verifyAuditFile(path, ({ checked, total }) => {
    onProgress(checked, total)
  })
}

async function lastLine(
  lines: AsyncIterable<WireAuditLine>,
  progress: Progress,
): Promise<WireAuditLine> {
  let last: WireAuditLine | undefined
  try {
    for await (const line of lines) {
      if ('checked' in line) progress.update(line.checked, line.of)
      last = line
    }
  } finally {
    progress.end()
  }
  if (last === undefined || 'checked' in last) {
    throw new CliError(exitCodes.failed, 'the server ended the verification without a result')
  }
  return last
}

/** @throws {CliError} `failed` where the chain is broken. */
function report(output: Output, line: WireAuditLine): void {
  if ('checked' in line) return
  if (!line.ok) {
    const { stream, sequence } = line.at
    const where = `entry ${String(sequence)} of stream ${stream}`
    output.result(`broken at ${where}: ${line.reason}`, line)
    throw new CliError(exitCodes.failed, 'the log was changed after it was written')
  }
  const noun = line.entries === 1 ? 'entry' : 'entries'
  output.result(`intact: ${String(line.entries)} ${noun}`, line)
  if (output.json) return
  for (const [stream, { sequence, kept, removed, before }] of Object.entries(line.from ?? {})) {
    output.result(
      `from: ${stream}:${String(sequence)}, the checkpoint of a cut: ${String(removed)} entries from before ${before} are gone, ${String(kept)} are kept`,
      undefined,
    )
  }
  for (const [stream, { sequence, hash }] of Object.entries(line.head)) {
    if (sequence === 0) continue
    output.result(`head: ${stream}:${String(sequence)} ${hash}`, undefined)
  }
}
