import type { Command } from 'commander'
import type { WireKey } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

const columns: readonly Column<WireKey>[] = [
  { title: 'KEY', value: ({ kid }) => kid },
  { title: 'STATE', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'ALGORITHM', value: ({ algorithm }) => algorithm },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'VERIFIES UNTIL', value: ({ removeAfter }) => removeAfter ?? '' },
]

/** `outright keys …`: what signs. */
export function addKeys(program: Command, shell: Shell): void {
  const keys = program
    .command('keys')
    .summary('list and rotate signing keys')
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
    .description('Makes a new key sign. The old one verifies until its last token has expired.')
    .action(async (_flags: object, command: Command) => {
      const client = await shell.connect(command)
      const rotated = await client.rotateKeys()
      shell.output(command).result(`${rotated.kid} signs from now on`, rotated)
    })
  withExamples(rotate, ['outright keys rotate'])
}
