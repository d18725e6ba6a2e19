"""The words that generated videos are made of: data only, written for this project.

Texts hold what a reader of real ones has to survive: quotes, ampersands, apostrophes, other
scripts, right-to-left text, characters outside the basic plane.
"""

# ruff: noqa: RUF001, E501 - other scripts look like Latin; a line is one topic

from __future__ import annotations

from dataclasses import dataclass

# How often each topic occurs; the demo watches `music` and `news`.
TOPICS = {
    "music": 26,
    "news": 24,
    "football": 12,
    "cooking": 10,
    "science": 10,
    "travel": 8,
    "gaming": 6,
    "sailing": 4,
}
CATEGORY_IDS = {
    "music": "10",
    "news": "25",
    "football": "17",
    "cooking": "26",
    "science": "28",
    "travel": "19",
    "gaming": "20",
    "sailing": "17",
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language: subjects of each topic, endings of titles, sentences, names of channels."""

    weight: int
    subjects: dict[str, tuple[str, ...]]
    endings: tuple[str, ...]
    sentences: tuple[str, ...]
    channels: tuple[str, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("/"))


def _vocabulary(
    weight: int, subjects: str, endings: str, sentences: str, channels: str
) -> Vocabulary:
    """`subjects` has a line for each topic, in the order of TOPICS."""
    lines = [line for line in subjects.splitlines() if line.strip()]
    return Vocabulary(
        weight=weight,
        subjects={topic: _split(line) for topic, line in zip(TOPICS, lines, strict=True)},
        endings=_split(endings),
        sentences=_split(sentences),
        channels=_split(channels),
    )


VOCABULARIES = {
    "en": _vocabulary(
        40,
        """
        Late-night piano music / Rock & roll guitar lesson / Drum'n'bass live set / New music of the week / Choir rehearsal / "Blue Harbour" (official music video)
        Morning news in five minutes / World news & weather / What today's news means / City council: the vote / Breaking news from the coast / News at Ten
        All goals of the round / Football tactics explained / Keeper's save of the season / Women's football: highlights / The derby, minute by minute / Training with the youth team
        Bread without a machine / Grandma's apple pie / Three soups, one pot / Cooking for four on a budget / How to sharpen a knife / Rice & beans done right
        Why is the sky dark? / A telescope for beginners / Cells under the microscope / The physics of a bicycle / What volcanoes breathe / Maths you can see
        Two days in the old town / By night train across Europe / A walk along the cliffs / Packing light: what I'd leave at home / Island ferry diary
        Speedrun without a map / Building a castle, part 12 / Ranked match: what went wrong / Retro console repair / Let's play with friends
        Boat refit: the engine / Sailing into a storm / Knots every sailor needs / Crossing the bay single-handed / Sailing & fishing trip
        """,
        'live / full episode / explained / 4K / behind the scenes / part 2 / Q&A / it\'s not what you think / "the truth" / 🎉 / #shorts / in 60 seconds',
        "Thanks for watching & don't forget to subscribe. / Recorded in one take on a rainy afternoon. / Chapters and sources are listed below. / Tell us in the comments what you'd like to see next. / All opinions are our own. / We've been planning this one for months, and it shows.",
        "Harbour Radio / Studio Nine & Friends / The Daily Lantern / Northfield / Paper Kite / O'Hara's Workshop / Open Window / Signal Hill",
    ),
    "es": _vocabulary(
        14,
        """
        Música para estudiar / Guitarra española desde cero / La canción del verano
        Noticias de la mañana / Última hora: el temporal / Resumen de la semana
        Los goles de la jornada / ¿Quién ganará la liga? / Fútbol sala: la final
        Tortilla de patatas jugosa / Cocina fácil para hoy / Postre sin horno
        ¿Por qué brillan las estrellas? / Química en casa / El cerebro y el sueño
        Un fin de semana en el norte / Ruta por la costa / Mercados del mundo
        Partida completa / Trucos que nadie usa / El jefe final
        Navegando de noche / Nudos marineros / Mi primer velero
        """,
        "en directo / capítulo 3 / ¡increíble! / paso a paso / resumen / versión acústica",
        "Gracias por ver el vídeo. / Suscríbete y activa la campana. / Grabado en un solo día. / ¿Qué te ha parecido?",
        "Canal Sur Abierto / La Mañana / Voces y Cuerdas / Cocina de Barrio / Ñandú",
    ),
    "pt": _vocabulary(
        8,
        """
        Música ao vivo no jardim / Violão para iniciantes / Samba de domingo
        Notícias do dia / Plantão: chuva forte / Economia sem mistério
        Gols da rodada / Futebol de várzea / A virada histórica
        Pão de queijo caseiro / Receita de família / Feijão na panela
        Ciência na cozinha / Como nasce um rio / O som das baleias
        Viagem de ônibus / Praias escondidas / Um dia na serra
        Jogo completo / Missão impossível? / Construção gigante
        Vela para principiantes / Travessia da baía / Barco novo
        """,
        "ao vivo / parte 1 / não acredito! / completo / passo a passo",
        "Obrigado por assistir. / Inscreva-se no canal. / Deixe seu comentário.",
        "Rádio Quintal / Jornal da Praça / Panela Cheia / Maré Alta",
    ),
    "de": _vocabulary(
        7,
        """
        Musik zum Lernen / Klavier für Anfänger / Chorprobe in der Kirche
        Nachrichten kompakt / Die Lage am Morgen / Wetter & Verkehr
        Alle Tore vom Spieltag / Fußball-Taktik erklärt / Das Pokalspiel
        Brot backen ohne Hefe / Suppe wie bei Oma / Knödel, aber richtig
        Warum ist der Himmel blau? / Physik im Alltag / Größenvergleich der Planeten
        Mit dem Nachtzug nach Süden / Wandern im Harz / Übernachten im Wald
        Durchgespielt! / Bauprojekt Teil 4 / Retro-Abend
        Segeln bei Sturm / Boot abdichten / Über die Ostsee
        """,
        'live / ganze Folge / erklärt / Teil 2 / für Anfänger / "Ernst gemeint"',
        "Danke fürs Zuschauen. / Abonniert den Kanal. / Quellen stehen unten.",
        "Küchenfunk / Morgenblatt / Werkstatt Süd / Die Übersicht",
    ),
    "fr": _vocabulary(
        7,
        """
        Musique douce au piano / L'accordéon facile / Concert à l'église
        Le journal du matin / Actualités : l'essentiel / Météo & trafic
        Tous les buts / Le match d'hier soir / Football amateur
        La tarte de grand-mère / Cuisine d'été / Crêpes sans gluten
        Qu'est-ce qu'une étoile ? / La chimie du pain / Le cœur humain
        Une semaine en Bretagne / Train de nuit / Villages perchés
        Partie classée / Niveau secret / On finit le jeu
        Naviguer de nuit / Nœuds marins / Rénovation du voilier
        """,
        "en direct / épisode 5 / en 3 minutes / c'est fini / version longue",
        "Merci d'avoir regardé. / Abonnez-vous à la chaîne. / Dites-moi ce que vous en pensez.",
        "L'Atelier du Son / Le Fil / À Table / Cap au Large",
    ),
    "ru": _vocabulary(
        6,
        """
        Музыка для работы / Уроки гитары / Хор на площади
        Новости утра / Главное за день / Погода на неделю
        Все голы тура / Разбор матча / Дворовый футбол
        Борщ по-домашнему / Пирог с яблоками / Готовим вместе
        Почему идёт снег? / Физика в опытах / Жизнь под водой
        Поездом через горы / Два дня в лесу / Старый город
        Прохождение без потерь / Собираем базу / Финальный босс
        Под парусом ночью / Морские узлы / Ремонт яхты
        """,
        "прямой эфир / часть 2 / полный выпуск / «честно» / за 5 минут",
        "Спасибо за просмотр. / Подписывайтесь на канал. / Пишите в комментариях.",
        "Утренний канал / Мастерская / Тихая гавань / Ёлки и палки",
    ),
    "hi": _vocabulary(
        6,
        """
        सुबह का संगीत / तबला सीखें / पुराने गीत
        आज के समाचार / बड़ी खबर / मौसम की जानकारी
        मैच के सारे गोल / फुटबॉल का जादू / युवा टीम
        घर की दाल / आसान रोटी / मीठे पकवान
        तारे क्यों चमकते हैं / विज्ञान के खेल / पानी का चक्र
        पहाड़ों की यात्रा / रेल का सफर / गाँव की सुबह
        पूरा खेल / नया स्तर / दोस्तों के साथ
        नाव की मरम्मत / समुद्र में रात / गाँठ बाँधना
        """,
        "सीधा प्रसारण / भाग २ / पूरी कड़ी / आसान तरीका",
        "देखने के लिए धन्यवाद। / चैनल को सब्सक्राइब करें। / अपनी राय लिखें।",
        "नया सवेरा / सुर और ताल / रसोई घर",
    ),
    "ja": _vocabulary(
        6,
        """
        作業用の音楽 / ピアノ演奏 / 夏の歌
        朝のニュース / 今日の出来事 / 天気と交通
        今節の全ゴール / 試合の分析 / 少年サッカー
        簡単な朝ごはん / 母の味噌汁 / パンの焼き方
        空はなぜ青い / 顕微鏡の世界 / 星の一生
        夜行列車の旅 / 島を歩く / 古い町の二日間
        最後まで遊ぶ / 城を建てる / 対戦の記録
        ヨットの修理 / 夜の航海 / ロープの結び方
        """,
        "生配信 / 第3回 / 完全版 / 【解説】 / 𠮷野家の前で",
        "ご視聴ありがとうございます。 / チャンネル登録をお願いします。 / 感想をコメントで教えてください。",
        "港のラジオ / 朝の窓 / 台所通信",
    ),
    "ar": _vocabulary(
        4,
        """
        موسيقى هادئة / تعليم العود / أغنية جديدة
        أخبار الصباح / عاجل من الساحل / حالة الطقس
        أهداف الجولة / تحليل المباراة / كرة القدم للجميع
        خبز البيت / حساء سريع / حلوى بسيطة
        لماذا السماء زرقاء / تجارب علمية / عالم البحار
        رحلة إلى الجبل / يوم في المدينة القديمة / قطار الليل
        اللعبة كاملة / المرحلة الأخيرة / نلعب معا
        الإبحار ليلا / عقد البحارة / إصلاح القارب
        """,
        "بث مباشر / الجزء الثاني / الحلقة كاملة",
        "شكرا على المشاهدة. / اشترك في القناة. / اكتب رأيك.",
        "نافذة الصباح / صوت الميناء / مطبخنا",
    ),
    "ko": _vocabulary(
        4,
        """
        공부할 때 듣는 음악 / 기타 배우기 / 여름 노래
        아침 뉴스 / 오늘의 소식 / 날씨와 교통
        이번 라운드 골 모음 / 경기 분석 / 동네 축구
        집밥 한 끼 / 된장국 끓이기 / 빵 굽는 날
        하늘은 왜 파랄까 / 현미경 속 세상 / 별의 일생
        밤기차 여행 / 섬을 걷다 / 옛 마을의 이틀
        끝까지 해보기 / 성 만들기 / 친구와 한 판
        밤의 항해 / 매듭 묶기 / 요트 수리
        """,
        "생방송 / 2부 / 전체 영상 / 👨‍👩‍👧 함께",
        "시청해 주셔서 감사합니다. / 구독 부탁드립니다. / 댓글로 알려 주세요.",
        "항구 라디오 / 아침의 창 / 부엌 이야기",
    ),
}
