/** In the place of a parent: of a client whose attributes have to be read to know it. */
export const unread: string = String.raw`\u`

/**
 * The parent of a row of `clients`, as it is indexed. PostgreSQL refuses JSON with escapes of code
 * points that its text cannot hold, so what has any such escape is found for every parent; a parent
 * that looks like {@link unread} is written with one.
 */
export function clientParent(row: string): string {
  return `(CASE WHEN strpos(${row}.attributes, '${unread}') = 0
    THEN ${row}.attributes::json ->> 'parent' ELSE '${unread}' END)`
}

/**
 * A person's sessions in the order of lists, so that a page of very many is read and not sorted;
 * and the clients that belong to one.
 */
export const listOrders: string = `
CREATE INDEX sessions_of_subject ON sessions (subject_id, number ASC);
CREATE INDEX clients_of_parent ON clients (${clientParent('clients')}, id ASC);
`
