/** What the gateway answered, as far as two answers are compared. */
export interface Answer {
  status: number;
  contentType: string;
  /** Empty for a stream: whether it opens is all that is asked. */
  text: string;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const contentType = response.headers.get('content-type') ?? '';
  const isStream = contentType.startsWith('text/event-stream');
  if (isStream) await response.body?.cancel();
  return { status: response.status, contentType, text: isStream ? '' : await response.text() };
}

export function succeeded({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** The body, or nothing where it is not JSON. */
export function parsed({ contentType, text }: Answer): unknown {
  return /[/+]json/.test(contentType) && text !== '' ? JSON.parse(text) : undefined;
}
