/** Operators who sign in at an identity provider; each identity is one operator. */
export const identities = `
ALTER TABLE operators ADD COLUMN identity TEXT;
CREATE UNIQUE INDEX operators_by_identity ON operators (identity);
`
