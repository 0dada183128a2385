// All text comes from one catalogue a language; another language is another file beside these.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";
import { speak } from "./format";

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;
const KEPT = "takt.language";

/** Catalogues that are not always needed come when they are asked for. */
const CATALOGUES: Record<Exclude<Language, "en">, () => Promise<{ default: object }>> = {
  de: () => import("./de.json"),
  fr: () => import("./fr.json"),
};

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

const isLanguage = (word: string): word is Language => word in LANGUAGES;

function wanted(): Language {
  const kept = localStorage.getItem(KEPT) ?? "";
  if (isLanguage(kept)) return kept;
  const asked = navigator.languages.map((word) => word.slice(0, 2)).find(isLanguage);
  return asked ?? "en";
}

/** Changes the language, and remembers it. */
export async function setLanguage(language: Language): Promise<void> {
  if (language !== "en" && !i18next.hasResourceBundle(language, "translation")) {
    const catalogue = await CATALOGUES[language]();
    i18next.addResourceBundle(language, "translation", catalogue.default);
  }
  speak(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}

/** Makes text ready before anything is drawn. */
export async function startText(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  speak("en");
  const language = wanted();
  if (language !== "en") await setLanguage(language);
  else document.documentElement.lang = "en";
}
