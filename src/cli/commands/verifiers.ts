import type { Command } from 'commander'
import type { WireVerifier } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<WireVerifier>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'KIND', value: ({ kind }) => kind },
  {
    title: 'STATE',
    value: ({ fresh }) => (fresh ? 'current' : 'no lease'),
    style: ({ fresh }) => (fresh ? 'green' : 'red'),
  },
  { title: 'BEHIND', value: ({ behind }) => String(behind) },
  { title: 'LAG', value: ({ lagMs }) => milliseconds(lagMs) },
  { title: 'LEASE', value: ({ leaseLeftMs }) => milliseconds(leaseLeftMs) },
  { title: 'ADDRESS', value: ({ address }) => address ?? '' },
  { title: 'SINCE', value: ({ connectedAt }) => connectedAt ?? '' },
]

function milliseconds(value: number | null): string {
  return value === null ? '' : `${String(Math.round(value))} ms`
}

/** `outright verifiers`: whom a confirmation waits for. */
export function addVerifiers(program: Command, shell: Shell): void {
  const command = program
    .command('verifiers')
    .summary('show every node and guard and how current it is')
    .description(
      'Shows every node and guard: whether it holds a lease, how many entries it is behind, and how long it last took to acknowledge one.',
    )
    .action(async (_flags: object, command: Command) => {
      const client = await shell.connect(command)
      shell.output(command).table(await client.verifiers(), columns, 'no verifiers')
    })
  withExamples(command, ['outright verifiers', 'outright verifiers --json'])
}
