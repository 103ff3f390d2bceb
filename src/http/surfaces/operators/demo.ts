/** The operator of the demo: public by design. */
export const DEMO_OPERATOR = {
  name: 'demo',
  role: 'admin',
  password: 'outright-demo-operator',
} as const
