// What each reader chooses for themselves: language and theme. Both are remembered on this device.
import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { Check, Languages, Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language, setLanguage } from "@/text";

export function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
    <Menu position="top-start" width={180}>
      <Menu.Target>
        <ActionIcon aria-label={t("choice.language")} title={t("choice.language")}>
          <Languages size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => void setLanguage(code as Language)}
            rightSection={i18n.language === code ? <Check size={14} /> : null}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeChoice() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const icons = { light: Sun, dark: Moon, auto: Monitor } as const;
  const Now = icons[colorScheme];
  return (
    <Menu position="top-start" width={180}>
      <Menu.Target>
        <ActionIcon aria-label={t("choice.theme")} title={t("choice.theme")}>
          <Now size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["light", "dark", "auto"] as const).map((scheme) => {
          const Icon = icons[scheme];
          return (
            <Menu.Item
              key={scheme}
              leftSection={<Icon size={16} />}
              onClick={() => setColorScheme(scheme)}
              rightSection={colorScheme === scheme ? <Check size={14} /> : null}
            >
              {t(`choice.${scheme}`)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
