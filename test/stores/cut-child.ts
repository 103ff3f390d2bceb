/** The program that `cut.test.ts` kills: cuts the log of a database, again and again. */
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { cut } from './cut-kit.ts'

const [path = ''] = process.argv.slice(2)
const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })
for (;;) {
  await cut(store, { steps: 1 })
  process.stdout.write('cut\n')
}
