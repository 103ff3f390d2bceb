/** Of the demo: the person and the operator whom several surfaces know. Public by design. */
export const DEMO_PERSON = { name: 'maria', password: 'maria-demo' } as const

export const DEMO_OPERATOR = {
  name: 'admin',
  role: 'admin',
  password: 'admin-demo',
} as const
