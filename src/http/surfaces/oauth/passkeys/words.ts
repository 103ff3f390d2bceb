/** What the page of a person's passkeys says, in each language. */
import type { Language } from '../words.ts'

const en = {
  title: 'Your passkeys',
  lead: 'A passkey logs you in with this device, a phone or a security key, without a password.',
  /** What goes with a passkey that is removed. */
  removing: 'If you remove a passkey, every device that logged in with it is logged out.',
  notHere: 'Passkeys cannot be used at this address.',
  add: 'Add a passkey',
  name: 'Name of the new passkey',
  wrong: 'The passkey was not added. Try again.',
  back: 'Your devices',
  addedOn: 'Added on',
  lastUsed: 'Last used',
  neverUsed: 'never',
  removePasskey: 'Remove',
}

export type PasskeysWords = Readonly<typeof en>

const pt: PasskeysWords = {
  title: 'As suas chaves de acesso',
  lead: 'Uma chave de acesso permite entrar com este dispositivo, um telemóvel ou uma chave de segurança, sem palavra-passe.',
  removing:
    'Se remover uma chave de acesso, a sessão termina em todos os dispositivos que entraram com ela.',
  notHere: 'Não é possível usar chaves de acesso neste endereço.',
  add: 'Adicionar uma chave de acesso',
  name: 'Nome da nova chave de acesso',
  wrong: 'A chave de acesso não foi adicionada. Tente de novo.',
  back: 'Os seus dispositivos',
  addedOn: 'Adicionada em',
  lastUsed: 'Última utilização',
  neverUsed: 'nunca',
  removePasskey: 'Remover',
}

const es: PasskeysWords = {
  title: 'Sus llaves de acceso',
  lead: 'Una llave de acceso le permite entrar con este dispositivo, un teléfono o una llave de seguridad, sin contraseña.',
  removing:
    'Si quita una llave de acceso, se cierra la sesión en todos los dispositivos que entraron con ella.',
  notHere: 'No se pueden usar llaves de acceso en esta dirección.',
  add: 'Añadir una llave de acceso',
  name: 'Nombre de la nueva llave de acceso',
  wrong: 'La llave de acceso no se ha añadido. Inténtelo de nuevo.',
  back: 'Sus dispositivos',
  addedOn: 'Añadida el',
  lastUsed: 'Último uso',
  neverUsed: 'nunca',
  removePasskey: 'Quitar',
}

export const passkeysWords: Readonly<Record<Language, PasskeysWords>> = { en, pt, es }
