/** Operators, and all passkeys: see `ports/operator.ts`. */
import type { DatabaseSync } from 'node:sqlite'
import { refuse } from '../../domain/failure.ts'
import { operatorSubject, type Operator } from '../../domain/operator.ts'
import type { FileCommands, LongQueries, PointQueries } from '../commands.ts'
import { pageStart, toPage, writeCursor } from '../pages.ts'
import {
  identityText,
  shaped,
  toOperator,
  toPasskey,
  type OperatorRow,
  type PasskeyRow,
} from './rows.ts'

type OperatorCommands = Pick<
  FileCommands,
  | 'createOperator'
  | 'updateOperator'
  | 'removeOperator'
  | 'addPasskey'
  | 'usePasskey'
  | 'removePasskey'
>

export function operatorWriter(database: DatabaseSync): OperatorCommands {
  const { findOperator, findOperatorByIdentity, findPasskey } = operatorPointReader(database)
  const write = database.prepare(
    `INSERT OR REPLACE INTO operators (name, id, role, password_hash, created_at_ms, identity)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM operators WHERE name = ?')
  const removeHeld = database.prepare('DELETE FROM passkeys WHERE holder = ?')
  const add = database.prepare(
    `INSERT INTO passkeys (id, holder, public_key, counter, transports, created_at_ms,
       last_used_at_ms, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const use = database.prepare(
    `UPDATE passkeys SET counter = ?2, last_used_at_ms = ?3
     WHERE id = ?1 AND (counter < ?2 OR counter = 0 AND ?2 = 0)`,
  )
  const removeOne = database.prepare('DELETE FROM passkeys WHERE holder = ? AND id = ?')
  const keep = ({ name, id, role, passwordHash, createdAtMs, identity }: Operator): void => {
    const text = identity === undefined ? null : identityText(identity)
    write.run(name, id, role, passwordHash ?? null, createdAtMs, text)
  }
  return {
    createOperator(operator) {
      const { name, identity } = operator
      if (findOperator(name)) refuse({ kind: 'conflict', reason: 'the name is taken' })
      if (identity !== undefined && findOperatorByIdentity(identity)) {
        refuse({ kind: 'conflict', reason: 'the identity is taken' })
      }
      keep(operator)
    },
    updateOperator({ id, name }, { role, passwordHash }) {
      const found = findOperator(name)
      if (found?.id !== id) return refuse({ kind: 'not_found' })
      const changed = {
        ...found,
        role: role ?? found.role,
        passwordHash: passwordHash ?? found.passwordHash,
      }
      keep(changed)
      return changed
    },
    removeOperator(name) {
      removeHeld.run(operatorSubject(name))
      return remove.run(name).changes > 0
    },
    addPasskey(passkey) {
      if (findPasskey(passkey.id)) refuse({ kind: 'conflict', reason: 'the passkey is known' })
      const { id, holder, name, publicKey, counter, createdAtMs, lastUsedAtMs } = passkey
      const transports = JSON.stringify(passkey.transports)
      const last = lastUsedAtMs ?? null
      add.run(id, holder, publicKey, counter, transports, createdAtMs, last, name)
    },
    usePasskey: ({ id, counter, usedAtMs }) => use.run(id, counter, usedAtMs).changes > 0,
    removePasskey: (holder, id) => removeOne.run(holder, id).changes > 0,
  }
}

export function operatorPointReader(
  database: DatabaseSync,
): Pick<PointQueries, 'findOperator' | 'findOperatorByIdentity' | 'findPasskey' | 'listPasskeys'> {
  const operator = database.prepare('SELECT * FROM operators WHERE name = ?')
  const identified = database.prepare('SELECT * FROM operators WHERE identity = ?')
  const passkey = database.prepare('SELECT * FROM passkeys WHERE id = ?')
  const held = database.prepare(
    'SELECT * FROM passkeys WHERE holder = ? ORDER BY created_at_ms, id',
  )
  return {
    findOperator(name) {
      const row = shaped<OperatorRow | undefined>(operator.get(name))
      return row && toOperator(row)
    },
    findOperatorByIdentity(identity) {
      const row = shaped<OperatorRow | undefined>(identified.get(identityText(identity)))
      return row && toOperator(row)
    },
    findPasskey(id) {
      const row = shaped<PasskeyRow | undefined>(passkey.get(id))
      return row && toPasskey(row)
    },
    listPasskeys: (holder) => shaped<PasskeyRow[]>(held.all(holder)).map(toPasskey),
  }
}

export function operatorLongReader(database: DatabaseSync): Pick<LongQueries, 'listOperators'> {
  const list = database.prepare('SELECT * FROM operators WHERE name > ? ORDER BY name LIMIT ?')
  return {
    listOperators(page) {
      const after = pageStart('operators', page)
      const rows = shaped<OperatorRow[]>(list.all(after, page.limit + 1))
      return toPage(rows, page.limit, toOperator, ({ name }) => writeCursor('operators', name))
    },
  }
}
