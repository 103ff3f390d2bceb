/**
 * Commands, one a file: each adds itself to the program, says what it does, and loads what it needs
 * when it is run. What they share is in the folder above.
 */
import { defined } from '../../domain/defined.ts'
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Finding } from '../../server/doctor/doctor.ts'
import { systemReason } from '../../domain/system-error.ts'
import { withDatabase, type DatabaseFlags } from '../database.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const

const columns: readonly Column<Finding>[] = [
  { title: 'VERDICT', value: ({ verdict }) => verdict, style: ({ verdict }) => styles[verdict] },
  { title: 'CHECK', value: ({ check }) => check },
  {
    title: 'MEASURED',
    value: ({ measured, advice }) => (advice === undefined ? measured : `${measured} → ${advice}`),
  },
]

interface DoctorFlags extends DatabaseFlags {
  readonly guardCredentialFile?: string
}

/** `outright doctor`: whether a configuration, this machine and its database can keep the promise. */
export function addDoctor(program: Command, shell: Shell): void {
  const command = program
    .command('doctor')
    .summary('check whether this configuration can keep the promise')
    .description(
      'Measures what the promise rests on: the settings, the disk or the PostgreSQL server, the ' +
        'clocks and, with --server, the way to the server through its proxies. Run it as the user ' +
        'who runs the server, with the same OUTRIGHT_… variables. It may run beside a server. Exit ' +
        'code 1 where something failed; a warning alone is 0.',
    )
  withDatabase(command)
    .option('--guard-credential-file <file>', 'with --server: also open the feed as this guard')
    .action(async (flags: DoctorFlags, command: Command) => {
      const { examine } = await import('../../server/doctor/doctor.ts')
      const { server } = command.optsWithGlobals<{ readonly server?: string }>()
      const { guardCredentialFile, ...rest } = flags
      const guardCredential = await readCredential(guardCredentialFile)
      const findings: Finding[] = []
      const options = { ...rest, environment: shell.terminal.env }
      for await (const finding of examine({
        ...options,
        ...defined({ server, guardCredential }),
      })) {
        findings.push(finding)
      }
      shell.output(command).table(findings, columns, 'nothing was checked')
      const failed = findings.filter(({ verdict }) => verdict === 'fail').length
      if (failed === 0) return
      const of = `${String(failed)} of ${String(findings.length)} checks failed`
      throw new CliError(exitCodes.failed, of)
    })
  withExamples(command, [
    'outright doctor --data /var/lib/outright',
    'outright doctor --server https://auth.example --guard-credential-file credential',
    'outright doctor --json',
  ])
}

async function readCredential(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const reason = systemReason(error) ?? 'unknown'
    throw new CliError(exitCodes.usage, `cannot read credential file ${file}: ${reason}`)
  }
}
