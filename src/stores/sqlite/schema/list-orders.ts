/**
 * A person's sessions in the order of lists, so that a page of very many is read and not sorted;
 * and the clients that belong to one.
 */
export const listOrders = `
CREATE INDEX sessions_of_subject ON sessions (subject_id);
CREATE INDEX clients_of_parent ON clients (json_extract(attributes, '$.parent'), id)
  WHERE json_extract(attributes, '$.parent') IS NOT NULL;
`
