/** What nodes of tests are started with, and tests have to know. */
export const adminToken = 'an-admin-token-of-nodes-of-tests'
