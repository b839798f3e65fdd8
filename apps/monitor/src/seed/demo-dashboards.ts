import type { SeedOrganization, Widget } from '@capsule/contracts';
import { namedUuid } from '@capsule/database';

interface DemoDashboard {
  id: string;
  name: string;
  widgets: Widget[];
}

/** One for those who run the apps, one for those who lead the team. */
export function dashboardsOf({ id, projects }: SeedOrganization): DemoDashboard[] {
  const [first] = projects.flatMap((project) => project.apps);
  const busiest: Widget[] = first ? [widget('cpu', `CPU of ${first.name}`, [0, 4, 12, 4], first.id)] : [];
  return [
    {
      id: namedUuid('dashboard', id, 'operations'),
      name: 'Operations',
      widgets: [
        widget('cpu', 'CPU of all apps', [0, 0, 6, 4]),
        widget('memory', 'Memory of all apps', [6, 0, 6, 4]),
        ...busiest,
        widget('activity', 'What happened', [0, 8, 12, 6]),
      ],
    },
    {
      id: namedUuid('dashboard', id, 'team'),
      name: 'Team',
      widgets: [
        widget('work-sessions', 'Who works when', [0, 0, 12, 5]),
        widget('tool-metrics', 'Tools and how they fare', [0, 5, 12, 5]),
      ],
    },
  ];
}

function widget(
  kind: Widget['kind'],
  title: string,
  [column, row, width, height]: readonly [number, number, number, number],
  appId: string | null = null,
): Widget {
  return { kind, title, appId, place: { column, row, width, height } };
}
