/** What `/devices` says, in each language. */
import type { Language } from '../words.ts'

const en = {
  title: 'Your devices',
  /** With `{person}`. */
  lead: 'You are logged in as {person} on these devices.',
  thisDevice: 'This device',
  unknownDevice: 'Unknown device',
  /** With `{program}` and `{system}`. */
  programOn: '{program} on {system}',
  signedIn: 'Logged in',
  lastSeen: 'Last seen',
  from: 'Address',
  apps: 'Apps',
  end: 'Log out',
  notMe: 'This was not me',
  endOthers: 'Log out everywhere else',
  ended: 'That device is logged out. No app lets it in any more.',
  notMeEnded:
    'That device is logged out, and the people who run this service are told. If another person knows your password, change it.',
  othersEnded: 'All other devices are logged out. No app lets them in any more.',
  /** Where an end could not be confirmed. */
  unsure:
    'It could not be confirmed, so a device may still be logged in. Open the list again to see which.',
  changed: 'The list has changed.',
  more: 'There are more. Those are shown once some of these are gone.',
}

export type DevicesWords = Readonly<typeof en>

const pt: DevicesWords = {
  title: 'Os seus dispositivos',
  lead: 'Tem sessão aberta como {person} nestes dispositivos.',
  thisDevice: 'Este dispositivo',
  unknownDevice: 'Dispositivo desconhecido',
  programOn: '{program} em {system}',
  signedIn: 'Entrada',
  lastSeen: 'Visto por último',
  from: 'Endereço',
  apps: 'Aplicações',
  end: 'Terminar sessão',
  notMe: 'Não fui eu',
  endOthers: 'Terminar todas as outras sessões',
  ended: 'A sessão desse dispositivo terminou. Nenhuma aplicação o deixa entrar.',
  notMeEnded:
    'A sessão desse dispositivo terminou e quem gere este serviço foi avisado. Se alguém sabe a sua palavra-passe, mude-a.',
  othersEnded: 'Todas as outras sessões terminaram. Nenhuma aplicação as deixa entrar.',
  unsure:
    'Não foi possível confirmar; um dispositivo pode continuar com sessão aberta. Abra a lista de novo para ver qual.',
  changed: 'A lista mudou.',
  more: 'Há mais. Aparecem quando alguns destes desaparecerem.',
}

const es: DevicesWords = {
  title: 'Sus dispositivos',
  lead: 'Tiene la sesión abierta como {person} en estos dispositivos.',
  thisDevice: 'Este dispositivo',
  unknownDevice: 'Dispositivo desconocido',
  programOn: '{program} en {system}',
  signedIn: 'Inicio de sesión',
  lastSeen: 'Visto por última vez',
  from: 'Dirección',
  apps: 'Aplicaciones',
  end: 'Cerrar sesión',
  notMe: 'No he sido yo',
  endOthers: 'Cerrar todas las demás sesiones',
  ended: 'La sesión de ese dispositivo se ha cerrado. Ninguna aplicación lo deja entrar.',
  notMeEnded:
    'La sesión de ese dispositivo se ha cerrado y se ha avisado a quienes gestionan este servicio. Si alguien conoce su contraseña, cámbiela.',
  othersEnded: 'Todas las demás sesiones se han cerrado. Ninguna aplicación las deja entrar.',
  unsure:
    'No se ha podido confirmar; puede que un dispositivo siga conectado. Abra la lista de nuevo para ver cuál.',
  changed: 'La lista ha cambiado.',
  more: 'Hay más. Se muestran cuando desaparezcan algunos de estos.',
}

export const devicesWords: Readonly<Record<Language, DevicesWords>> = { en, pt, es }
