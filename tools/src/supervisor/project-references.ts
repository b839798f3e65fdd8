import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The project folders an app is compiled from, itself first: those its tsconfig references, however far. */
export function projectsOf(workspace: string, project: string): string[] {
  const found = new Set<string>();
  const visit = (folder: string) => {
    if (found.has(folder)) return;
    found.add(folder);
    const { references = [] } = JSON.parse(
      readFileSync(join(workspace, folder, 'tsconfig.json'), 'utf8'),
    ) as {
      references?: { path: string }[];
    };
    for (const reference of references) visit(relative(workspace, join(workspace, folder, reference.path)));
  };
  visit(project);
  return [...found];
}
