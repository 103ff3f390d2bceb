import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abilitiesOf, type Abilities } from './abilities.ts'

const versions: readonly [version: string, product: string, abilities: (keyof Abilities)[]][] = [
  [
    'PostgreSQL 15.13 (Debian 15.13-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc, 64-bit',
    'PostgreSQL 15.13',
    ['notifier', 'collations', 'atomicSchema', 'settings', 'tableLocks', 'activity'],
  ],
  [
    'PostgreSQL 11.2-YB-2.0.0.0-b0 on x86_64-pc-linux-gnu, compiled by gcc (Homebrew gcc 5.5.0_4)',
    'YugabyteDB 2.0.0.0-b0',
    ['collations', 'settings'],
  ],
  [
    'PostgreSQL 15.12-YB-2025.1.0.0-b168 on x86_64-pc-linux-gnu, compiled by clang version 19',
    'YugabyteDB 2025.1.0.0-b168',
    ['collations', 'settings'],
  ],
  [
    'CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/23 15:14:02, go1.23.7)',
    'CockroachDB v25.2.1',
    [],
  ],
  ['Something Else 1.0', 'Something Else 1.0', []],
]

for (const [version, product, abilities] of versions) {
  test(`${product} is known by its version, and is thought to have no more than it has`, () => {
    const { product: named, ...found } = abilitiesOf(version)
    assert.equal(named, product)
    const having = Object.entries(found).flatMap(([name, has]) => (has ? [name] : []))
    assert.deepEqual(having.toSorted(), abilities.toSorted())
  })
}
