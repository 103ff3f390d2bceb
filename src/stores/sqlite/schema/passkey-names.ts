/** What people call their passkeys. Those that are there have no name. */
export const passkeyNames = `
ALTER TABLE passkeys ADD COLUMN name TEXT NOT NULL DEFAULT '';
`
