/** Operators, and all passkeys: see `ports/operator.ts`. */
import { refuse } from '../../domain/failure.ts'
import { operatorSubject } from '../../domain/operator.ts'
import type { OperatorStore, PasskeyStore } from '../../ports/operator.ts'
import { pageStart, toPage, writeCursor } from '../pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import {
  allOf,
  identityText,
  toOperator,
  toPasskey,
  type OperatorRow,
  type PasskeyRow,
} from './rows.ts'

const operators = allOf('operators', 't')
const passkeys = allOf('passkeys', 't')

/**
 * @param own Where they are changed: no logout waits for that. A statement that is sent again after
 *   a connection was lost may refuse what it has stored, which grants no access.
 */
export function operatorStore({
  own,
  short,
  long,
}: Readonly<Record<'own' | 'short' | 'long', Link>>): OperatorStore & PasskeyStore {
  const isDone = async (statement: Statement, values: readonly unknown[]): Promise<boolean> =>
    (await own.run(statement, values)).length > 0
  return {
    async createOperator({ name, id, role, passwordHash, createdAtMs, identity }) {
      const text = identity === undefined ? null : identityText(identity)
      const values = [name, id, role, passwordHash ?? null, createdAtMs, text]
      if (await isDone(create, values)) return
      refuse({ kind: 'conflict', reason: 'the name or the identity is taken' })
    },
    async findOperator(name) {
      const [row] = await short.run<OperatorRow>(find, [name])
      return row && toOperator(row)
    },
    async findOperatorByIdentity(identity) {
      const [row] = await short.run<OperatorRow>(findIdentified, [identityText(identity)])
      return row && toOperator(row)
    },
    async listOperators(page) {
      const after = pageStart('operators', page)
      const rows = await long.run<OperatorRow>(list, [after, page.limit + 1])
      return toPage(rows, page.limit, toOperator, ({ name }) => writeCursor('operators', name))
    },
    async updateOperator({ id, name }, { role, passwordHash }) {
      const values = [name, role ?? null, passwordHash ?? null, id]
      const [row] = await own.run<OperatorRow>(update, values)
      return row === undefined ? refuse({ kind: 'not_found' }) : toOperator(row)
    },
    removeOperator: (name) => isDone(remove, [name, operatorSubject(name)]),
    async addPasskey(passkey) {
      const { id, holder, name, publicKey, counter, createdAtMs, lastUsedAtMs } = passkey
      const transports = JSON.stringify(passkey.transports)
      const last = lastUsedAtMs ?? null
      const values = [id, holder, publicKey, counter, transports, createdAtMs, last, name]
      if (await isDone(addPasskey, values)) return
      refuse({ kind: 'conflict', reason: 'the passkey is known' })
    },
    async findPasskey(id) {
      const [row] = await short.run<PasskeyRow>(findPasskey, [id])
      return row && toPasskey(row)
    },
    async listPasskeys(holder) {
      return (await short.run<PasskeyRow>(listPasskeys, [holder])).map(toPasskey)
    },
    usePasskey: ({ id, counter, usedAtMs }) => isDone(usePasskey, [id, counter, usedAtMs]),
    removePasskey: (holder, id) => isDone(removePasskey, [holder, id]),
  }
}

const create: Statement = {
  name: 'operator_add',
  text: `INSERT INTO operators (name, id, role, password_hash, created_at_ms, identity)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING RETURNING 1`,
}

const find: Statement = {
  name: 'operator_by_name',
  text: `SELECT ${operators} FROM operators t WHERE t.name = $1`,
}

const findIdentified: Statement = {
  name: 'operator_by_identity',
  text: `SELECT ${operators} FROM operators t WHERE t.identity = $1`,
}

const list: Statement = {
  name: 'operator_list',
  text: `SELECT ${operators} FROM operators t WHERE t.name > $1 ORDER BY t.name LIMIT $2`,
}

const update: Statement = {
  name: 'operator_change',
  text: `UPDATE operators t SET role = coalesce($2, t.role),
      password_hash = coalesce($3, t.password_hash)
    WHERE t.name = $1 AND t.id = $4 RETURNING ${operators}`,
}

const remove: Statement = {
  name: 'operator_remove',
  text: `WITH held AS (DELETE FROM passkeys p WHERE p.holder = $2)
    DELETE FROM operators t WHERE t.name = $1 RETURNING 1`,
}

const addPasskey: Statement = {
  name: 'passkey_add',
  text: `INSERT INTO passkeys (id, holder, public_key, counter, transports, created_at_ms,
      last_used_at_ms, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING RETURNING 1`,
}

const findPasskey: Statement = {
  name: 'passkey_by_id',
  text: `SELECT ${passkeys} FROM passkeys t WHERE t.id = $1`,
}

const listPasskeys: Statement = {
  name: 'passkey_by_holder',
  text: `SELECT ${passkeys} FROM passkeys t WHERE t.holder = $1 ORDER BY t.created_at_ms, t.id`,
}

const usePasskey: Statement = {
  name: 'passkey_use',
  text: `UPDATE passkeys t SET counter = $2, last_used_at_ms = $3
    WHERE t.id = $1 AND (t.counter < $2 OR t.counter = 0 AND $2 = 0)
    RETURNING 1`,
}

const removePasskey: Statement = {
  name: 'passkey_remove',
  text: 'DELETE FROM passkeys t WHERE t.holder = $1 AND t.id = $2 RETURNING 1',
}
