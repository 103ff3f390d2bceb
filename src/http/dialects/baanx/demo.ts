import type { DemoIdentities } from '../../surface-module.ts'

const password = 'demo-password'
const attributes = { phase: null, verificationState: 'VERIFIED', isLinked: false }

export const demo: DemoIdentities = {
  subjects: [
    {
      id: 'baanx-demo-user',
      name: 'Demo User',
      email: 'demo@example.com',
      password,
      attributes,
    },
    {
      id: 'baanx-otp-user',
      name: 'OTP User',
      email: 'otp@example.com',
      phone: '447700900225',
      password,
      attributes: { otpRequired: true, ...attributes },
    },
  ],
  clients: [
    { id: 'baanx-demo', dialect: 'baanx', key: 'baanx-demo-key', name: 'Baanx demo' },
    {
      id: 'baanx-demo-oauth',
      dialect: 'baanx-oauth',
      key: 'baanx-demo-oauth',
      name: 'Baanx demo OAuth client',
      attributes: { parent: 'baanx-demo' },
    },
  ],
  shown: { who: 'key baanx-demo-key, user demo@example.com', secret: password },
}
