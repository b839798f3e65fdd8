import type { ErrorEntry } from './kind.js';

export const deployErrors = {
  'deploy.organization.not_ready': {
    kind: 'unavailable',
    title: 'The organization is still being prepared',
    when: 'It was created a moment ago and its quotas are on the way.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  'deploy.project.not_found': {
    kind: 'not_found',
    title: 'There is no such project',
    when: 'The id is unknown, or not yours.',
    remedy: 'List your projects at `GET /v1/projects`.',
  },
  'deploy.project.name_taken': {
    kind: 'conflict',
    title: 'A project of this name exists already',
    when: 'Names of projects are unique in an organization.',
    remedy: 'Choose another name.',
  },
  'deploy.app.not_found': {
    kind: 'not_found',
    title: 'There is no such app',
    when: 'The id is unknown, or not yours.',
    remedy: 'List the apps of the project.',
  },
  'deploy.app.name_taken': {
    kind: 'conflict',
    title: 'An app of this name exists already',
    when: 'Names of apps are unique in a project.',
    remedy: 'Choose another name.',
  },
  'deploy.deployment.not_found': {
    kind: 'not_found',
    title: 'There is no such deployment',
    when: 'The id is unknown, or not yours.',
    remedy: 'List the deployments of the app.',
  },
  'deploy.deployment.not_cancelable': {
    kind: 'conflict',
    title: 'The deployment can no longer be canceled',
    when: 'It has ended, is live, or is just going live.',
    remedy: 'Deploy again, or roll back.',
  },
  'deploy.deployment.not_restorable': {
    kind: 'conflict',
    title: 'The deployment cannot be rolled back to',
    when: 'It never was live, or its artifact is gone.',
    remedy: 'Choose a deployment that was live.',
  },
  'deploy.quota.exceeded': {
    kind: 'forbidden',
    title: "The plan's quota is used up",
    when: 'The change would exceed what the plan of the organization allows; `detail` names the quota.',
    remedy:
      'Go on with the projects and apps there are, or ask for less memory; plans cannot be changed yet.',
  },
  'deploy.archive.not_found': {
    kind: 'not_found',
    title: 'There is no such upload',
    when: 'The upload took longer than an hour, or it is not yours.',
    remedy: 'Upload the archive again.',
  },
  'deploy.archive.empty': {
    kind: 'invalid',
    title: 'The archive is empty',
    when: 'The request has the content type of an archive and no body.',
    remedy: 'Send the bytes of the archive as the body; with curl, `--data-binary @app.tar.gz`.',
  },
  'deploy.archive.too_large': {
    kind: 'too_large',
    title: 'The archive is too large',
    when: 'Its packed size, unpacked size or number of files exceeds the limit.',
    remedy: 'Leave out what is installed or built (`node_modules`, `.git`).',
  },
  'deploy.source.git_url_refused': {
    kind: 'invalid',
    title: 'The git URL is refused',
    when: 'Only `https://` and `http://` URLs without credentials and without control characters are taken.',
    remedy: 'Use the HTTPS URL of the repository.',
  },
} as const satisfies Record<string, ErrorEntry>;
