/** What nodes of tests are started with, and tests have to know. */
export const adminToken = 'outright-demo-admin'

/** Headers of an operator's program. */
export const admin = { authorization: `Bearer ${adminToken}` }
