import type { Command } from 'commander'
import type { WireKey } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { orNotFound } from '../exit.ts'
import type { Column } from '../output.ts'
import { describeReceipt } from '../receipt.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

const columns: readonly Column<WireKey>[] = [
  { title: 'KEY', value: ({ kid }) => kid },
  { title: 'STATE', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'ALGORITHM', value: ({ algorithm }) => algorithm },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  {
    title: 'VERIFIES UNTIL',
    value: ({ state, removeAfter }) => (state === 'removed' ? '' : (removeAfter ?? '')),
  },
]

/** `outright keys …`: what signs. */
export function addKeys(program: Command, shell: Shell): void {
  const keys = program
    .command('keys')
    .summary('list, rotate and remove signing keys')
    .description('Signing keys.')

  const list = keys
    .command('list')
    .description('Lists the keys that sign or still verify. Private parts are never shown.')
    .action(async (_flags: object, command: Command) => {
      const client = await shell.connect(command)
      shell.output(command).table(await client.keys(), columns, 'no keys')
    })
  withExamples(list, ['outright keys list'])

  const rotate = keys
    .command('rotate')
    .description(
      'Makes a new key, which signs three seconds later, when all verifiers can have it. The old ' +
        'one verifies until its last token has expired.',
    )
    .action(async (_flags: object, command: Command) => {
      const client = await shell.connect(command)
      const rotated = await client.rotateKeys()
      shell
        .output(command)
        .result(`${rotated.kid} is published, and signs in three seconds`, rotated)
    })
  withExamples(rotate, ['outright keys rotate'])

  const remove = keys
    .command('remove')
    .description(
      'Ends every token that a key has signed or will sign, for keys that may have been read by others. ' +
        'A key that signs is rotated first. Sessions go on: refresh tokens stay good.',
    )
    .argument('<kid...>', 'ids of the keys, as `outright keys list` shows them')
    .action(async (kids: readonly string[], _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const output = shell.output(command)
      for (const kid of kids) {
        const removed = await orNotFound(client.removeKey(kid), `there is no key ${kid}`)
        const verb = removed.added ? 'removed' : 'had been removed already:'
        output.result(`${verb} ${kid}: ${describeReceipt(removed.receipt)}`, removed)
      }
    })
  withExamples(remove, ['outright keys remove 019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77'])
}
