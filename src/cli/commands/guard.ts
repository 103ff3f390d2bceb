import type { Command } from 'commander'
import type { WireGuard } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { orNotFound } from '../exit.ts'
import { withList } from '../list.ts'
import type { Column } from '../output.ts'
import { describeReceipt } from '../receipt.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<WireGuard>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ADDED', value: ({ createdAt }) => createdAt },
]

/** `outright guard …`: credentials of the servers that verify tokens with a guard. */
export function addGuard(program: Command, shell: Shell): void {
  const guard = program
    .command('guard')
    .summary('credentials of the servers that verify tokens')
    .description('Guards: the servers that verify tokens, and their credentials.')

  const add = guard
    .command('add')
    .description('Makes a credential for a guard. It is shown once.')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const added = await client.addGuard(name)
      shell.output(command).result(added.credential, added)
    })
  withExamples(add, ['outright guard add orders-api', 'outright guard add orders-api > credential'])

  const list = guard
    .command('list')
    .description('Lists the guards that may connect. `outright verifiers` shows those that do.')
  withList(list, shell, { columns, none: 'no guards' }, (client, page) => client.guards(page))
  withExamples(list, ['outright guard list'])

  const remove = guard
    .command('remove')
    .description('Refuses a guard’s credential from now on. Its name is free again.')
    .argument('<name>', 'name of the guard')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const removed = await orNotFound(client.removeGuard(name), `no guard is named ${name}`)
      const sentence = `removed ${name}: ${describeReceipt(removed.receipt)}`
      shell.output(command).result(sentence, removed)
    })
  withExamples(remove, ['outright guard remove orders-api'])
}
